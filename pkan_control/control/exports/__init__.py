"""Exports of a network: SPICE netlists for circuit simulators, ONNX models for runtimes."""
