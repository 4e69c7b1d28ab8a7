"""Where components are written: found in files, as nothing of torch is imported here; knows no Textual."""
