namespace KeyMeld.DevKit.Kms.Recipients;

/// <summary>What a verified document says: whom the answer is encrypted to, and the measurements policies ask about (lower-case hexadecimal).</summary>
internal sealed record VerifiedRecipient(string ModuleId, byte[] SubjectPublicKeyInfo, IReadOnlyDictionary<int, string> Pcrs);
