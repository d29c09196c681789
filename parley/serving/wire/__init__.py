"""What goes over the wire, generated from externalscaler.proto and kept, so that nobody who serves needs a compiler."""
