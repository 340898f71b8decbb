using System.Text;
using System.Text.Json;
using KeyMeld.Client;
using KeyMeld.Protocol.Encoding;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Statements;
using KeyMeld.Secp256k1;
using static KeyMeld.Fuzz.PropertyException;

namespace KeyMeld.Fuzz.Targets;

/// <summary>Challenges that travel out of band, and pre-signatures in both forms, beginning with those of the vectors.</summary>
internal static class AdaptorTargets
{
    private static readonly Lazy<JsonElement> Vectors = new(() => JsonDocument.Parse(Source.File("protocol", "v1.json")).RootElement);

    /// <summary>The vectors' item with one point.</summary>
    private static readonly Lazy<VerifiedPreSignature> Valid = new(() =>
    {
        var item = Vectors.Value.GetProperty("rounds").GetProperty("items")[2];
        var message = SigningItems.Parse(Hex(Vectors.Value.GetProperty("signing").GetProperty("items"), "plaintext"))[2].Message;
        return PreSignature.Parse(Hex(item, "signature")).TryVerify(XOnlyPublicKey.Parse(Hex(item, "output_key")), message.Bytes, PublicKey.Parse(Hex(item, "adaptor_point")), out var verified)
            ? verified
            : throw new InvalidOperationException("The vector does not verify.");
    });

    public static IEnumerable<FuzzTarget> All { get; } =
    [
        FuzzTarget.Of<KeyMeldException>("adaptor-challenge", Challenges, Challenge, refusal => refusal.Code == ErrorCodes.AdaptorInvalid),
        new("presignature", () => [Valid.Value.PreSignature.Bytes.ToArray(), Valid.Value.ToNonceForm()], PreSign),
    ];

    private static void Challenge(byte[] input)
    {
        var text = Encoding.Latin1.GetString(input);
        var challenge = AdaptorChallenge.Parse(text);
        Require(challenge.ToString() == text.Trim(), "there is one form of a challenge");
        Require(PublicKey.Combine(challenge.Points).Equals(challenge.Sum), "the sum is that of the points");
    }

    // Whatever is accepted converts to the other form and back, and only the bytes of the vector are accepted at all.
    private static void PreSign(byte[] input)
    {
        var valid = Valid.Value;
        var accepted = VerifiedPreSignature.TryParseNonceForm(input, valid.Key, valid.Message, valid.Point, out var verified)
            || (PreSignature.TryParse(input, out var read) && read.TryVerify(valid.Key, valid.Message, valid.Point, out verified));
        if (accepted)
        {
            Require(verified!.Equals(valid), "nothing else verifies");
            RequireEqual(input, input.Length == PreSignature.Size ? verified.PreSignature.Bytes : verified.ToNonceForm(), "there is one encoding of each form");
        }
    }

    private static IEnumerable<byte[]> Challenges()
    {
        var section = Vectors.Value.GetProperty("and_adaptor");
        byte[] head = [.. Hex(section, "roster"), .. Hex(section, "signing"), .. Hex(section, "item")];
        byte[][] points = [.. section.GetProperty("points").EnumerateArray().Select(point => Convert.FromHexString(point.GetString()!))];
        return [.. Enumerable.Range(2, points.Length - 1).Select(count => Encoding.ASCII.GetBytes("keymeldpoints1." + Base64Url.Encode([.. head, .. points.Take(count).SelectMany(point => point)])))];
    }

    private static byte[] Hex(JsonElement element, string name) => Convert.FromHexString(element.GetProperty(name).GetString()!);
}
