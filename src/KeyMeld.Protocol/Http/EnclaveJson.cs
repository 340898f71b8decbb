// protocol.md section 9: GET /enclaves, GET /enclaves/{id}/identity.
using System.Text.Json.Serialization;
using KeyMeld.Protocol.Ids;
using KeyMeld.Secp256k1;

namespace KeyMeld.Protocol.Http;

/// <summary>Answer of GET /enclaves.</summary>
/// <param name="Enclaves">Ascending by id.</param>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Skip)]
public sealed record EnclaveListJson(IReadOnlyList<EnclaveJson> Enclaves)
{
    /// <summary>Ascending by id.</summary>
    public IReadOnlyList<EnclaveJson> Enclaves { get; init; } = JsonLists.WithoutNull(Enclaves);
}

/// <summary>What the gateway says of one enclave; for display, clients verify its identity.</summary>
/// <param name="Id">Its number.</param>
/// <param name="State">ready, locked or unreachable.</param>
/// <param name="Reason">Stable code when it is not ready.</param>
/// <param name="Detail">One sentence for an operator.</param>
/// <param name="Epoch">Newest key epoch.</param>
/// <param name="Key">Its identity key.</param>
/// <param name="KmsKeyId">The KMS key in its configuration.</param>
/// <param name="Mode">production or development.</param>
/// <param name="Software">Name and version.</param>
/// <param name="Config">SHA-256 of its configuration file.</param>
/// <param name="KmsCalls">Calls to KMS since its start.</param>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Skip)]
public sealed record EnclaveJson(
    int Id, string State, string? Reason = null, string? Detail = null, int? Epoch = null, PublicKey? Key = null, string? KmsKeyId = null, string? Mode = null, string? Software = null,
    Hash32? Config = null, long? KmsCalls = null);

/// <summary>Answer of GET /enclaves/{id}/identity.</summary>
/// <param name="Identity">The identity document's bytes.</param>
/// <param name="Attestation">The attestation document over it and the caller's nonce.</param>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Skip)]
public sealed record IdentityJson(byte[] Identity, byte[] Attestation);
