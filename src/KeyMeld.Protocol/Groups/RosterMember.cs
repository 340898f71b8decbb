using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Statements;
using KeyMeld.Secp256k1;

namespace KeyMeld.Protocol.Groups;

/// <summary>A participant whose registration was verified whole.</summary>
public sealed class RosterMember
{
    internal RosterMember(PublicRegistration registration, byte[] binding, MemberKeyPlaintext key)
    {
        Registration = registration;
        Binding = binding;
        Key = key.Key;
        Proof = key.Proof;
    }

    /// <summary>Index of the participant.</summary>
    public int Index => Registration.Index;

    /// <summary>The user.</summary>
    public Id16 User => Registration.Place.User;

    /// <summary>The key that authorises requests and approvals.</summary>
    public XOnlyPublicKey Auth => Registration.Value.Auth;

    /// <summary>Whether this member must approve every request it signs.</summary>
    public bool Approval => Registration.Value.Approval;

    /// <summary>Index of the hosting enclave; null signs at home.</summary>
    public int? Enclave => Registration.Place.Enclave;

    /// <summary>Where the key comes from.</summary>
    public KeySource Source => Registration.Value.Source;

    /// <summary>The member key.</summary>
    public PublicKey Key { get; }

    /// <summary>The proof of possession, verified.</summary>
    public SchnorrSignature Proof { get; }

    /// <summary>B.</summary>
    public ReadOnlyMemory<byte> Binding { get; }

    /// <summary>The registration.</summary>
    public PublicRegistration Registration { get; }

    /// <summary>The node that signs for this member.</summary>
    public NodeId Node => Enclave is { } enclave ? NodeId.Enclave(enclave) : NodeId.Home(Index);
}
