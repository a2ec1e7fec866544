"""The files of slant's base model, in the folder `base`. slant finds them here: `slant score --model base`."""
