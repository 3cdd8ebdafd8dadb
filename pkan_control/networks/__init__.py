"""Networks: programs of analogue elements, and multilayer perceptrons."""
