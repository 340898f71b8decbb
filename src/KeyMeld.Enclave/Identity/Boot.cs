using KeyMeld.Protocol.Ids;

namespace KeyMeld.Enclave.Identity;

/// <summary>This process: sixteen bytes drawn at its start, so that nobody takes one boot's nonces for another's.</summary>
public sealed class Boot
{
    public Id16 Id { get; } = Id16.Random();
}
