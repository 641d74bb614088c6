"""The envelope of protobuf messages, generated from `envelope.proto`."""
