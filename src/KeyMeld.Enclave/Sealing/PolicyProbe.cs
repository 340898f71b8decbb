// Protocol section 4, policy probe: in production nothing is served before KMS denied every unattested use of the keys to these very credentials.
using KeyMeld.Enclave.Identity;
using KeyMeld.Enclave.Sealing.Kms;

namespace KeyMeld.Enclave.Sealing;

internal static class PolicyProbe
{
    /// <summary>Returns when everything was denied.</summary>
    /// <param name="session">The one whose attested calls just succeeded, so that powerless credentials cannot be put in its place (attack K37).</param>
    /// <param name="configuredKey">The ARN new keys are sealed under.</param>
    /// <param name="records">The records in use; each names the KMS key it is sealed under.</param>
    /// <param name="cancellation">Ends the probe.</param>
    /// <exception cref="KeyMeld.Protocol.Errors.KeyMeldException"><c>kms_policy_open</c>, or why a call could not be judged.</exception>
    public static async Task RunAsync(KmsSession session, string configuredKey, IReadOnlyList<SealedRecord> records, CancellationToken cancellation)
    {
        foreach (var probe in Probes(configuredKey, records))
        {
            await session.RequireDeniedAsync(probe, cancellation);
        }
    }

    private static IEnumerable<KmsProbe> Probes(string configuredKey, IReadOnlyList<SealedRecord> records)
    {
        var context = KeySealer.ContextOf(records[^1]);
        foreach (var keyArn in records.Select(record => record.KmsKeyId).Append(configuredKey).Distinct(StringComparer.Ordinal))
        {
            yield return new KmsProbe.GenerateDataKey(keyArn, context);
            yield return new KmsProbe.Encrypt(keyArn, context);
        }
        foreach (var record in records)
        {
            var own = KeySealer.ContextOf(record);
            yield return new KmsProbe.Decrypt(record.KmsKeyId, record.EncryptedDek.Memory, own);
            // From the record's key, and to it; where the configured key is another one, to that too.
            yield return new KmsProbe.ReEncrypt(record.KmsKeyId, record.EncryptedDek.Memory, own, record.KmsKeyId);
            if (record.KmsKeyId != configuredKey)
            {
                yield return new KmsProbe.ReEncrypt(record.KmsKeyId, record.EncryptedDek.Memory, own, configuredKey);
            }
        }
    }
}
