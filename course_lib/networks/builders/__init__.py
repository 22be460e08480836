"""Builders of published networks, untrained, and what they cost.

`alexnet`, `vgg`, `googlenet` and `resnet` make Keras models with the published numbers of
parameters; `cifar_resnet` the small ones that ResNet's authors compared with and without shortcuts;
`complexity` counts. Taught in ``03_4_architectures``.
"""

from course_lib.networks.builders.branches import googlenet, inception
from course_lib.networks.builders.plain import alexnet, vgg
from course_lib.networks.builders.residual import cifar_resnet, resnet

__all__ = ["alexnet", "cifar_resnet", "googlenet", "inception", "resnet", "vgg"]
