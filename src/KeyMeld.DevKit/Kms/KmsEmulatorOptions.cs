using KeyMeld.Attestation;
using KeyMeld.DevKit.Kms.Authentication;
using KeyMeld.DevKit.Kms.Recipients;
using KeyMeld.DevKit.Kms.Tls;

namespace KeyMeld.DevKit.Kms;

/// <summary>How a <see cref="KmsEmulator"/> is started.</summary>
public sealed class KmsEmulatorOptions
{
    /// <summary>Folder of kms.json, kms-credentials.json and kms-events.jsonl; made when missing.</summary>
    public required string DataDirectory { get; init; }

    /// <summary>TCP port on 127.0.0.1; 0 takes a free one.</summary>
    public int Port { get; init; }

    /// <summary>Where it listens with TLS as well; null for nowhere.</summary>
    public KmsTls? Tls { get; init; }

    public string Region { get; init; } = "us-west-2";

    /// <summary>The twelve digits of the emulated account.</summary>
    public string AccountId { get; init; } = "000000000000";

    /// <summary>Root of trust of attestation documents. Without one every request with a `Recipient` is refused, never answered in the clear.</summary>
    public AttestationRoot? AttestationRoot { get; init; }

    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>Further credentials beside those of kms-credentials.json, for tests of expiry and of other accounts.</summary>
    public IReadOnlyList<KmsCredential> AdditionalCredentials { get; init; } = [];

    /// <summary>Which of the forms seen from AWS `CiphertextForRecipient` takes.</summary>
    public CmsLayout CmsLayout { get; init; } = CmsLayout.Constructed;
}
