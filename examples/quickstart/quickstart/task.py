"""quickstart: A Flower / PyTorch app."""

from functools import cache

import torch
from sklearn.datasets import load_digits
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


class Net(nn.Module):
    """A small network for 8x8 images."""

    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(64, 32)
        self.fc2 = nn.Linear(32, 10)

    def forward(self, x):
        return self.fc2(torch.relu(self.fc1(x)))


@cache
def load_digits_tensors():
    """Load 1797 images of 64 pixels, scaled to 0..1, and their labels."""
    digits = load_digits()
    images = torch.tensor(digits.data / 16.0, dtype=torch.float32)
    return images, torch.tensor(digits.target)


def load_data(partition_id: int, num_partitions: int, batch_size: int):
    """Load one partition: 80 % for training, 20 % for testing."""
    images, labels = load_digits_tensors()
    # The last images are kept for the test on the server
    images, labels = images[:-360], labels[:-360]
    images, labels = images[partition_id::num_partitions], labels[partition_id::num_partitions]
    split = int(0.8 * len(labels))
    trainset = TensorDataset(images[:split], labels[:split])
    testset = TensorDataset(images[split:], labels[split:])
    trainloader = DataLoader(trainset, batch_size=batch_size, shuffle=True)
    return trainloader, DataLoader(testset, batch_size=batch_size)


def load_centralized_dataset():
    """Load the test set of the server."""
    images, labels = load_digits_tensors()
    return DataLoader(TensorDataset(images[-360:], labels[-360:]), batch_size=128)


def train(net, trainloader, epochs, lr, device):
    """Train the model on the training set."""
    net.to(device)
    criterion = nn.CrossEntropyLoss().to(device)
    optimizer = torch.optim.SGD(net.parameters(), lr=lr, momentum=0.9)
    net.train()
    running_loss = 0.0
    for _ in range(epochs):
        for images, labels in trainloader:
            optimizer.zero_grad()
            loss = criterion(net(images.to(device)), labels.to(device))
            loss.backward()
            optimizer.step()
            running_loss += loss.item()
    return running_loss / (epochs * len(trainloader))


def test(net, testloader, device):
    """Validate the model on the test set."""
    net.to(device)
    criterion = nn.CrossEntropyLoss()
    correct, loss = 0, 0.0
    with torch.no_grad():
        for images, labels in testloader:
            outputs = net(images.to(device))
            loss += criterion(outputs, labels.to(device)).item()
            correct += (torch.max(outputs.data, 1)[1] == labels.to(device)).sum().item()
    return loss / len(testloader), correct / len(testloader.dataset)
