"""A form made from a Struct: what is written in it, and how it looks; knows no Textual."""
