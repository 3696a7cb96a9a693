"""Sources of rows: installed packages, user files and the Hugging Face hub."""
