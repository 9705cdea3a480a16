"""Which pages there are, every format -> one upright image, the transform, the loader that decodes beside the model."""
