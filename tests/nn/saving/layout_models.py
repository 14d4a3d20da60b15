"""Writes layout_models.npz: small PyTorch models, their inputs and outputs, for layout_trace_test.cpp.

Run with PyTorch 2.15: python layout_models.py. Arrays are MODEL/PARAMETER, MODEL/x0, MODEL/y; inputs and outputs that
are images are written with their channels last.
"""

import os

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

relu = F.relu


class Net(nn.Module):
    """A module with the given layers, whose forward pass is a function of the module and its inputs."""

    def __init__(self, function, **layers):
        super().__init__()
        for name, layer in layers.items():
            if isinstance(layer, torch.Tensor):
                layer = nn.Parameter(layer)
            setattr(self, name, layer)
        self.function = function

    def forward(self, *x):
        return self.function(self, *x)


r = torch.randn
models = {}


def add(name, net, *inputs):
    models[name] = (net, inputs)


torch.manual_seed(1)
add("lenet", Net(lambda s, x: s.fc2(relu(s.fc1(F.max_pool2d(relu(s.conv1(x)), 2).flatten(1)))),
                 conv1=nn.Conv2d(2, 3, 3, padding=1), fc1=nn.Linear(27, 5), fc2=nn.Linear(5, 4)), r(2, 2, 6, 6))


def unet(s, x):
    a = relu(s.down1(x))
    b = relu(s.down2(F.max_pool2d(a, 2)))
    return s.out(torch.cat([a, s.up(b)], 1))


add("unet", Net(unet, down1=nn.Conv2d(1, 3, 3, padding=1), down2=nn.Conv2d(3, 4, 3, padding=1),
                up=nn.ConvTranspose2d(4, 2, 2, 2), out=nn.Conv2d(5, 2, 1)), r(2, 1, 6, 6))
add("dcgan", Net(lambda s, z: s.up2(relu(s.bn2(s.up1(relu(s.bn1(s.fc(z))).view(-1, 4, 3, 3))))),
                 fc=nn.Linear(5, 36), bn1=nn.BatchNorm1d(36), up1=nn.ConvTranspose2d(4, 3, 4, 2, 1),
                 bn2=nn.BatchNorm2d(3), up2=nn.ConvTranspose2d(3, 2, 4, 2, 1)), r(3, 5))
add("bottleneck", Net(lambda s, x: s.up(relu(s.expand(relu(s.squeeze(relu(s.conv(x)).flatten(1))))).view(-1, 3, 3, 3)),
                      conv=nn.Conv2d(1, 3, 3, 2, 1), squeeze=nn.Linear(27, 4), expand=nn.Linear(4, 27),
                      up=nn.ConvTranspose2d(3, 1, 2, 2)), r(2, 1, 6, 6))


def vae(s, x):
    h = relu(s.conv(x)).flatten(1)
    return torch.cat([s.mu(h), s.logvar(h), s.up(relu(s.fc(s.mu(h))).view(-1, 3, 3, 3)).flatten(1)], 1)


add("vae", Net(vae, conv=nn.Conv2d(1, 3, 3, 2, 1), mu=nn.Linear(27, 2), logvar=nn.Linear(27, 2), fc=nn.Linear(2, 27),
               up=nn.ConvTranspose2d(3, 1, 2, 2)), r(2, 1, 6, 6))


def squeeze_excite(s, x):
    h = relu(s.conv(x))
    gate = torch.sigmoid(s.up(relu(s.down(h.mean((2, 3))))))
    return s.head((h * gate[:, :, None, None]).flatten(1))


add("squeeze_excite", Net(squeeze_excite, conv=nn.Conv2d(1, 4, 3), down=nn.Linear(4, 2), up=nn.Linear(2, 4),
                          head=nn.Linear(64, 3)), r(2, 1, 6, 6))


def pooled(s, x, t):
    h = relu(s.conv(x))
    return s.fc2(relu(s.fc1(torch.cat([h.amax((2, 3)), h.mean((2, 3)), relu(s.table(t))], 1))))


add("pooled", Net(pooled, conv=nn.Conv2d(1, 4, 3), table=nn.Linear(8, 8), fc1=nn.Linear(16, 6), fc2=nn.Linear(6, 3)),
    r(3, 1, 5, 5), r(3, 8))
add("sequence", Net(lambda s, x: s.fc(relu(s.bn(s.conv2(relu(s.conv1(x))))).flatten(1)),
                    conv1=nn.Conv1d(2, 4, 3, padding=1), conv2=nn.Conv1d(4, 6, 3, 2, 1, groups=2),
                    bn=nn.BatchNorm1d(6), fc=nn.Linear(30, 3)), r(3, 2, 10))
add("norms", Net(lambda s, x: s.fc2(s.bn2(relu(s.fc1(s.drop(s.bn1(relu(s.conv(x)).flatten(1))))))),
                 conv=nn.Conv2d(1, 3, 3), bn1=nn.BatchNorm1d(27), drop=nn.Dropout(0.5), fc1=nn.Linear(27, 6),
                 bn2=nn.BatchNorm1d(6), fc2=nn.Linear(6, 3)), r(4, 1, 5, 5))
add("plain_norm", Net(lambda s, x: s.fc(s.bn(relu(s.conv(x)).flatten(1))), conv=nn.Conv2d(1, 3, 3),
                      bn=nn.BatchNorm1d(27, affine=True), fc=nn.Linear(27, 4)), r(4, 1, 5, 5))


def zero(s, x):
    h = relu(s.trunk(x))
    p = s.policy_fc(relu(s.policy_conv(h)).flatten(1))
    return torch.cat([p, s.value_fc(relu(s.value_conv(h)).flatten(1)), s.other(relu(s.policy_conv(h)).flatten(1))], 1)


add("zero", Net(zero, trunk=nn.Conv2d(2, 4, 3, padding=1), policy_conv=nn.Conv2d(4, 2, 1), value_conv=nn.Conv2d(4, 1, 1),
                policy_fc=nn.Linear(32, 5), value_fc=nn.Linear(16, 1), other=nn.Linear(32, 2)), r(2, 2, 4, 4))


def dense(s, x):
    h = s.conv0(x)
    h = torch.cat([h, s.conv1(relu(h))], 1)
    h = torch.cat([h, s.conv2(relu(h))], 1)
    return s.classifier(relu(s.norm(h)).mean((2, 3)))


add("dense", Net(dense, conv0=nn.Conv2d(1, 4, 3, padding=1), conv1=nn.Conv2d(4, 2, 3, padding=1),
                 conv2=nn.Conv2d(6, 2, 3, padding=1), norm=nn.BatchNorm2d(8), classifier=nn.Linear(8, 3)), r(2, 1, 4, 4))
add("table", Net(lambda s, x, t: s.fc(torch.cat([relu(s.conv(x)).flatten(1), t], 1)), conv=nn.Conv2d(1, 3, 3),
                 fc=nn.Linear(32, 4)), r(2, 1, 5, 5), r(2, 5))


def vit(s, x):
    h = s.patch(x).flatten(2).transpose(1, 2)
    h = torch.cat([s.cls.expand(h.shape[0], -1, -1), h], 1) + s.pos
    n, l, d = h.shape
    q, k, v = s.qkv(h).view(n, l, 3, 2, d // 2).permute(2, 0, 3, 1, 4)
    a = (q @ k.transpose(-1, -2)).softmax(-1)
    h = h + s.proj((a @ v).transpose(1, 2).reshape(n, l, d))
    return s.head(h[:, 0])


add("vit", Net(vit, patch=nn.Conv2d(1, 4, 2, 2), cls=r(1, 1, 4), pos=r(1, 10, 4), qkv=nn.Linear(4, 12),
               proj=nn.Linear(4, 4), head=nn.Linear(4, 3)), r(2, 1, 6, 6))
add("tokens", Net(lambda s, x: s.head(relu(s.mix(s.conv(x).flatten(2).transpose(1, 2))).flatten(1)),
                  conv=nn.Conv2d(1, 3, 3), mix=nn.Linear(3, 2), head=nn.Linear(18, 4)), r(2, 1, 5, 5))
add("mean", Net(lambda s, x: s.fc(relu(s.conv(x)).mean((2, 3))), conv=nn.Conv2d(1, 4, 3), fc=nn.Linear(4, 3)),
    r(2, 1, 5, 5))
add("by_hand", Net(lambda s, x: s.fc(relu(s.conv(x)).flatten(1)), conv=nn.Conv2d(1, 3, 3), fc=nn.Linear(27, 3)),
    r(2, 1, 5, 5))
add("from_hand", Net(lambda s, z: s.conv(s.fc(z).view(-1, 3, 4, 4)), conv=nn.Conv2d(3, 2, 3), fc=nn.Linear(4, 48)),
    r(2, 4))
add("shuffle", Net(lambda s, x: s.fc(s.last(F.pixel_shuffle(s.conv(x), 2)).flatten(1)), conv=nn.Conv2d(1, 8, 3),
                   last=nn.Conv2d(2, 3, 3), fc=nn.Linear(48, 3)), r(2, 1, 5, 5))


def gated(s, z):
    a, b = s.fc(z).chunk(2, 1)
    return s.conv((torch.tanh(a) * torch.sigmoid(b)).view(-1, 2, 3, 3))


add("gated", Net(gated, fc=nn.Linear(4, 36), conv=nn.Conv2d(2, 2, 2)), r(2, 4))
add("made_sequence", Net(lambda s, z: s.conv(relu(s.fc(z)).view(-1, 4, 6)), fc=nn.Linear(3, 24),
                         conv=nn.Conv1d(4, 2, 3)), r(2, 3))
add("own", Net(lambda s, x: s.fc((relu(s.conv(x)) * s.scale + s.place).flatten(1) * s.gain + s.shift),
               conv=nn.Conv2d(1, 3, 3), scale=r(1, 3, 1, 1), place=r(3, 4, 4), gain=r(48), shift=r(48),
               fc=nn.Linear(48, 3)), r(2, 1, 6, 6))
add("depthwise", Net(lambda s, x: s.fc(relu(s.point(relu(s.depth(x)))).flatten(1)),
                     depth=nn.Conv2d(4, 4, 3, groups=4), point=nn.Conv2d(4, 6, 1, groups=2), fc=nn.Linear(54, 3)),
    r(2, 4, 5, 5))


def residual(s, x):
    h = relu(s.conv(x)).flatten(1)
    h = h + s.fc2(relu(s.fc1(h)))
    h = F.layer_norm(h, (27,), s.gain, s.shift)
    return s.fc3(h)


add("residual", Net(residual, conv=nn.Conv2d(1, 3, 3), fc1=nn.Linear(27, 4), fc2=nn.Linear(4, 27), gain=r(27),
                    shift=r(27), fc3=nn.Linear(27, 3)), r(2, 1, 5, 5))
add("grown", Net(lambda s, z: s.fc(s.conv(F.interpolate(s.first(z).view(-1, 3, 2, 2), scale_factor=2)).flatten(1)),
                 first=nn.Linear(4, 12), conv=nn.Conv2d(3, 2, 3, padding=1), fc=nn.Linear(32, 3)), r(2, 4))
add("mlp", Net(lambda s, x: s.fc2(relu(s.fc1(x))), fc1=nn.Linear(6, 5), fc2=nn.Linear(5, 3)), r(2, 6))


def channels_last(array):
    return np.moveaxis(array, 1, -1) if array.ndim > 2 else array


if __name__ == "__main__":
    arrays = {}
    for name, (net, inputs) in models.items():
        net.train()
        net(*inputs), net(*[1.3 * x + 0.2 for x in inputs])  # running statistics
        net.eval()
        with torch.no_grad():
            y = net(*inputs)
        for key, value in net.state_dict().items():
            if "num_batches" not in key:
                arrays[f"{name}/{key}"] = value.numpy()
        for i, x in enumerate(inputs):
            arrays[f"{name}/x{i}"] = channels_last(x.numpy())
        arrays[f"{name}/y"] = channels_last(y.numpy())
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "layout_models.npz")
    np.savez_compressed(path, **{key: np.ascontiguousarray(value) for key, value in arrays.items()})
    print(f"{len(models)} models, {os.path.getsize(path)} bytes")
