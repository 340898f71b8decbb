namespace KeyMeld.Gateway.Storage;

/// <summary>A row is there and is not what this program writes. Nobody guesses what it meant.</summary>
internal sealed class UnreadableRowException(string message) : Exception(message);
