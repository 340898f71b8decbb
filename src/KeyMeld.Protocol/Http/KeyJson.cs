// protocol.md section 9: POST /keygen/{group}/make-key, POST /keys, GET /keys, GET /keys/{id}, POST /keys/{id}/sign.
using System.Text.Json.Serialization;
using KeyMeld.Protocol.Ids;

namespace KeyMeld.Protocol.Http;

/// <summary>Body of POST /keygen/{group}/make-key.</summary>
/// <param name="B">The bytes of B.</param>
/// <param name="Sealed">The response secret, sealed to the enclave.</param>
public sealed record MakeKeyRequestJson(byte[] B, byte[] Sealed);

/// <summary>An enclave's answer, encrypted for whoever sealed the response secret.</summary>
/// <param name="Answer">The wire.</param>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Skip)]
public sealed record AnswerJson(byte[] Answer);

/// <summary>Body of POST /keys.</summary>
/// <param name="Key">The key statement, signed by its auth.</param>
/// <param name="Sealed">Imported: the secret and a response secret; made: a response secret; sealed to the enclave.</param>
public sealed record KeyRequestJson(SignedJson Key, byte[] Sealed);

/// <summary>Answer of POST /keys.</summary>
/// <param name="Id">SHA-256 of the key statement.</param>
/// <param name="Answer">The enclave's answer; absent where the statement was posted before and no <c>Authorization</c> of its auth comes with it.</param>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Skip)]
public sealed record KeyCreatedJson(Hash32 Id, byte[]? Answer = null);

/// <summary>Answer of GET /keys.</summary>
/// <param name="Keys">Those of the calling auth that are not erased, oldest first.</param>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Skip)]
public sealed record KeyListJson(IReadOnlyList<KeyShownJson> Keys)
{
    /// <summary>Those of the calling auth that are not erased, oldest first.</summary>
    public IReadOnlyList<KeyShownJson> Keys { get; init; } = JsonLists.WithoutNull(Keys);
}

/// <summary>Answer of GET /keys/{id}.</summary>
/// <param name="Id">SHA-256 of the key statement.</param>
/// <param name="Key">As posted.</param>
/// <param name="Answer">The enclave's answer to POST /keys.</param>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Skip)]
public sealed record KeyShownJson(Hash32 Id, SignedJson Key, byte[] Answer);

/// <summary>Body of POST /keys/{id}/sign.</summary>
/// <param name="Request">The single-sign, signed by the key's auth.</param>
/// <param name="Sealed">The blob the statement names.</param>
public sealed record SingleSignRequestJson(SignedJson Request, byte[] Sealed);
