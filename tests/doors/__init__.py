"""Every address of the program, asked by everybody: who is let in, and what the answer must not carry."""
