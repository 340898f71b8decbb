using KeyMeld.Secp256k1;

namespace KeyMeld.Client;

/// <summary>Secrets to store in one go; owns them.</summary>
internal sealed class SecretBatch : IDisposable
{
    private readonly Dictionary<string, SecretBytes?> _changes = new(StringComparer.Ordinal);

    public IReadOnlyDictionary<string, SecretBytes?> Changes => _changes;

    public SecretBatch Add(string name, SecretBytes secret)
    {
        _changes.Add(name, secret);
        return this;
    }

    public SecretBatch Remove(string name)
    {
        _changes[name] = null;
        return this;
    }

    public void Dispose()
    {
        foreach (var secret in _changes.Values)
        {
            secret?.Dispose();
        }
    }
}
