using KeyMeld.DevKit.Kms.Operations;
using KeyMeld.DevKit.Kms.Policies;
using KeyMeld.DevKit.Kms.Wire;

namespace KeyMeld.DevKit.Kms.Recipients;

/// <summary>The `Recipient` of Decrypt, GenerateDataKey and GenerateRandom. With it an answer is encrypted to an attested key and has no plaintext.</summary>
internal sealed class RecipientRequest
{
    private const int MaxDocumentBytes = 262144;
    private static readonly string[] Algorithms = ["RSAES_OAEP_SHA_256"];
    private readonly byte[]? _document;
    private readonly string? _algorithm;

    private RecipientRequest(RequestReader reader)
    {
        Reader = reader;
        _document = reader.Blob("AttestationDocument", MaxDocumentBytes);
        _algorithm = reader.Choice("KeyEncryptionAlgorithm", Algorithms);
    }

    /// <summary>For the check of the whole request.</summary>
    public RequestReader Reader { get; }

    public static RecipientRequest? Read(RequestReader request) => request.Structure("Recipient") is { } reader ? new(reader) : null;

    public VerifiedRecipient Verify(KmsCall call, ConditionFacts facts)
    {
        if (_document is null || _algorithm is null)
            throw KmsFault.Validation("Recipient needs both an AttestationDocument and a KeyEncryptionAlgorithm.");
        var verified = call.Service.Recipients.Verify(_document);
        call.Event.Recipient = verified;
        facts.AddPcrs(verified.Pcrs);
        return verified;
    }
}
