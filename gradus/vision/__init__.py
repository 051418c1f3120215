"""Networks that see: architectures, augmentation, detection, segmentation."""
