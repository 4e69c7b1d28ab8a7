"""How each declared component is built in torch."""
