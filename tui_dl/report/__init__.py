"""Static charts, tables and exports of a recorded run."""
