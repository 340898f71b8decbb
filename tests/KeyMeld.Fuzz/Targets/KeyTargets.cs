using System.Text.Json;
using Google.Protobuf;
using KeyMeld.Enclave.Clock;
using KeyMeld.Enclave.Groups;
using KeyMeld.Enclave.Identity;
using KeyMeld.Enclave.Keys;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Groups;
using KeyMeld.Protocol.Identity;
using KeyMeld.Secp256k1;
using KeyMeld.Wire.V1;
using static KeyMeld.Fuzz.PropertyException;

namespace KeyMeld.Fuzz.Targets;

/// <summary>Whole calls about keys, sent to an enclave that has the vectors' identity keys: every one is answered or refused by its code, and nothing stays in memory but what was verified.</summary>
internal static class KeyTargets
{
    private static readonly Lazy<JsonElement> Vectors = new(() => JsonDocument.Parse(Source.File("protocol", "v1.json")).RootElement);
    private static readonly Lazy<KeyDesk> Desk = new(() => new KeyDesk(KeyKeeper.Holding(7, Identity(0)), new FixedClock(), new MemoryBudget(1 << 20)));
    private static readonly Lazy<KeyDesk> Other = new(() => new KeyDesk(KeyKeeper.Holding(9, Identity(1)), new FixedClock(), new MemoryBudget(1 << 20)));

    public static IEnumerable<FuzzTarget> All { get; } =
    [
        FuzzTarget.Of<KeyMeldException>("binding", () => [Hex("registrations", 2, "B"), Hex("registrations", 3, "B")], Binding, refusal => refusal.Code == ErrorCodes.StatementInvalid),
        Call("add-key", AddSeeds, UntrustedKey.Parser, call => Desk.Value.AddAsync(call).GetAwaiter().GetResult().Answer),
        Call("single-sign-call", SignSeeds, UntrustedSingleSign.Parser, call => Desk.Value.SignAsync(call).GetAwaiter().GetResult().Answer),
        Call("make-member-key", MakeSeeds, UntrustedMakeMemberKey.Parser, call => Other.Value.MakeMemberKeyAsync(call).GetAwaiter().GetResult().Answer),
    ];

    private static void Binding(byte[] input)
    {
        var member = PlacedMember.Parse(input);
        RequireEqual(input, MemberBinding.Of(member.Manifest, member.User, member.Enclave, member.Auth, member.Approval, member.Source), "what is accepted is the only encoding");
    }

    // Bytes that are no protocol buffer never reach the desk: gRPC refuses them first.
    private static FuzzTarget Call<T>(string name, Func<IEnumerable<IMessage>> seeds, MessageParser<T> parser, Func<T, ByteString> play)
        where T : IMessage<T> => FuzzTarget.Of<KeyMeldException>(name, () => seeds().Select(seed => seed.ToByteArray()), input =>
    {
        try
        {
            Require(!play(parser.ParseFrom(input)).IsEmpty, "what is not refused is answered");
        }
        catch (InvalidProtocolBufferException)
        {
        }
    }, refusal => refusal.Code != ErrorCodes.Internal);

    private static IEnumerable<IMessage> AddSeeds() =>
    [
        new UntrustedKey { Key = Statement(Single("statement")), Sealed = Bytes(Single("import").GetProperty("wire")) },
        new UntrustedKey { Key = Statement(Single("made").GetProperty("statement")), Sealed = Bytes(Single("made").GetProperty("request").GetProperty("wire")) },
    ];

    private static IEnumerable<IMessage> SignSeeds() => Single("sign").EnumerateArray().Select(one => new UntrustedSingleSign
    {
        Key = Statement(Single("statement")),
        KeySealed = Bytes(Single("import").GetProperty("wire")),
        Request = Statement(one.GetProperty("statement")),
        Sealed = Bytes(one.GetProperty("blob").GetProperty("wire")),
    });

    private static IEnumerable<IMessage> MakeSeeds() =>
    [
        new UntrustedMakeMemberKey
        {
            Manifest = Statement(Vectors.Value.GetProperty("manifest").GetProperty("statement")),
            Binding = ByteString.CopyFrom(Hex("registrations", 2, "B")),
            Sealed = Bytes(Vectors.Value.GetProperty("registrations")[2].GetProperty("make_key").GetProperty("request").GetProperty("wire")),
        },
    ];

    private static JsonElement Single(string name) => Vectors.Value.GetProperty("single_key").GetProperty(name);

    private static byte[] Hex(string section, int index, string name) => Convert.FromHexString(Vectors.Value.GetProperty(section)[index].GetProperty(name).GetString()!);

    private static ByteString Bytes(JsonElement hex) => ByteString.CopyFrom(Convert.FromHexString(hex.GetString()!));

    private static SignedStatement Statement(JsonElement statement) => new()
    {
        Statement = Bytes(statement.GetProperty("bytes")),
        Signatures = { statement.GetProperty("signatures").EnumerateArray().Select(one => Bytes(one.GetProperty("signature"))) },
    };

    private static EpochIdentity Identity(int enclave)
    {
        var identity = SecretKey.Import(Hex("enclaves", enclave, "identity_secret"));
        return new EpochIdentity(Number(enclave, "epoch"), identity, StatementKey.Derive(identity));
    }

    private static int Number(int enclave, string name) => Vectors.Value.GetProperty("manifest").GetProperty("statement").GetProperty("fields").GetProperty("enclaves")[enclave].GetProperty(name).GetInt32();

    /// <summary>The time of the vectors' requests.</summary>
    private sealed class FixedClock : EnclaveClock
    {
        public override long NowMs => 1_800_000_000_000;
    }
}
