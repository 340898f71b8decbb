using KeyMeld.Secp256k1;

namespace KeyMeld.Enclave.Groups;

/// <summary>The key of a member that is to be forgotten, in every roster of its manifest.</summary>
public sealed class ForgottenMember(int participant) : IDisposable
{
    private readonly List<SecretKey> _keys = [];

    /// <summary>Index of the participant.</summary>
    public int Participant { get; } = participant;

    /// <summary>Wipes it.</summary>
    public void Dispose() => _keys.ForEach(key => key.Dispose());

    internal void Add(SecretKey? key)
    {
        if (key is not null)
        {
            _keys.Add(key);
        }
    }
}
