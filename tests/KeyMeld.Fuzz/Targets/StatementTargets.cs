using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Statements;
using static KeyMeld.Fuzz.PropertyException;

namespace KeyMeld.Fuzz.Targets;

/// <summary>Deterministic CBOR: what is accepted is its only encoding, so it encodes to the very bytes; what is refused has one of two codes.</summary>
internal static class StatementTargets
{
    public static IEnumerable<FuzzTarget> All { get; } =
    [
        Statement<Manifest>(), Statement<Registration>(), Statement<SigningRequest>(), Statement<Approval>(), Statement<Cancel>(), Statement<Erase>(),
        Statement<KeyStatement>(), Statement<KeyErase>(), Statement<SingleSign>(),
        Of("terms", bytes => Terms.Parse(bytes).Encode()),
        Of("items", bytes => SigningItems.Encode(SigningItems.Parse(bytes))),
        Of("identity", bytes => IdentityDocument.Parse(bytes).Encode()),
        Of("round1", bytes => RoundEntries.Encode(RoundEntries.ParseRound1(bytes))),
        Of("round2", bytes => RoundEntries.Encode(RoundEntries.ParseRound2(bytes))),
        Of("result", bytes => SigningResult.Encode(SigningResult.Parse(bytes))),
        Of("single-sign-blob", bytes =>
        {
            using var blob = SingleSignBlob.Parse(bytes);
            using var encoded = blob.Encode();
            return encoded.Span.ToArray();
        }),
    ];

    private static FuzzTarget Statement<T>()
        where T : class, IStatement<T> => Of(T.Type, bytes => T.Parse(bytes).Encode());

    private static FuzzTarget Of(string type, Func<byte[], byte[]> encodeAgain) => FuzzTarget.Of<KeyMeldException>(
        type, () => Source.Protocol(type), input => RequireEqual(input, encodeAgain(input), "what is accepted is the only encoding"),
        refusal => refusal.Code is ErrorCodes.StatementInvalid or ErrorCodes.LimitExceeded);
}
