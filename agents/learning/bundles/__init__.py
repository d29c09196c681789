"""Policies as bundles: folders of plain files that are signed, checked before they are used, and never unpickled."""
