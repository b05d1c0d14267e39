"""The operations of the admin API under `/__admin/`, one module per group of `control.yaml`."""
