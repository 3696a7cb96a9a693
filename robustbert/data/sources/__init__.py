"""Where rows come from: installed packages, files of the user, the Hugging Face hub."""
