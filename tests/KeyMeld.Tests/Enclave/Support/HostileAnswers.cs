using System.Security.Cryptography;
using System.Text;
using KeyMeld.DevKit.Kms.Recipients;
using KeyMeld.DevKit.Kms.Wire;

namespace KeyMeld.Tests.Enclave.Support;

/// <summary>
/// What somebody who answers in KMS's place may say to GenerateDataKey and Decrypt, by row of the attack table. Each is an honest answer with one thing changed.
/// </summary>
internal static class HostileAnswers
{
    private const string ForRecipient = "CiphertextForRecipient";

    private static readonly Lazy<byte[]> ForSomebodyElse = new(() =>
    {
        using var rsa = RSA.Create(2048);
        return RecipientCms.Encrypt(rsa.ExportSubjectPublicKeyInfo(), KnownKey, CmsLayout.Constructed);
    });

    /// <summary>The data key of whoever does not leave it to KMS.</summary>
    public static readonly byte[] KnownKey = [.. Enumerable.Range(1, 32).Select(number => (byte)(number * 7))];

    /// <summary>The answer opens, and is another data key's: at a restart the record shows it, at a genesis the second call.</summary>
    public static readonly IReadOnlyDictionary<string, Func<KmsExchange, KmsAnswer>> OtherKeys = new Dictionary<string, Func<KmsExchange, KmsAnswer>>
    {
        ["K01 a data key of somebody's own, sealed to this enclave"] = exchange => exchange.Forged(KnownKey),
        ["K02 a flipped bit of the IV"] = Changed(CmsPieces.OtherPlaintexts["a bit of the IV"]),
        ["K02 a flipped bit of the content"] = Changed(CmsPieces.OtherPlaintexts["a bit of the content"]),
    };

    /// <summary>The answer is none: it is refused before anything is done with it.</summary>
    public static readonly IReadOnlyDictionary<string, Func<KmsExchange, KmsAnswer>> NoAnswers = new Dictionary<string, Func<KmsExchange, KmsAnswer>>
    {
        ["K01 a data key of another length"] = exchange => exchange.Forged(new byte[16]),
        ["K01 an empty data key"] = exchange => exchange.Forged([]),
        ["K05 another key's ARN"] = exchange => exchange.Answer.With("KeyId", "arn:aws:kms:us-west-2:000000000000:key/66666666-2222-3333-4444-555555555555"),
        ["K05 no ARN"] = exchange => exchange.Answer.Without("KeyId"),
        ["K05 an alias"] = exchange => exchange.Answer.With("KeyId", "alias/mine"),
        ["K05 the ARN in other letters"] = exchange => exchange.Answer.With("KeyId", InOtherLetters(Text(exchange.Answer, "KeyId"))),
        ["K05 the bare id"] = exchange => exchange.Answer.With("KeyId", Text(exchange.Answer, "KeyId").Split('/')[1]),
        ["K11 a plaintext beside the sealed answer"] = exchange => exchange.Answer.With("Plaintext", Convert.ToBase64String(KnownKey)),
        ["K11 a plaintext in place of the sealed answer"] = exchange => exchange.Answer.Without(ForRecipient).With("Plaintext", Convert.ToBase64String(KnownKey)),
        ["K11 no sealed answer"] = exchange => exchange.Answer.Without(ForRecipient),
        ["K11 the sealed answer of another enclave's key"] = exchange => exchange.Answer.WithBlob(ForRecipient, _ => ForSomebodyElse.Value),
        ["K20 too many bytes"] = exchange => exchange.Answer.WithBlob(ForRecipient, _ => new byte[7000]),
        ["K20 a cut answer"] = exchange => exchange.Answer with { Body = exchange.Answer.Body[..^10] },
        ["K20 an answer without end"] = exchange => exchange.Answer with { Body = [.. exchange.Answer.Body, .. Encoding.ASCII.GetBytes(new string(' ', 200_000))] },
        ["K20 no JSON"] = exchange => exchange.Answer with { Body = [1, 2, 3] },
        ["K20 JSON of another shape"] = exchange => exchange.Answer with { Body = "[{}]"u8.ToArray() },
        ["K20 deep JSON"] = exchange => exchange.Answer with { Body = Encoding.ASCII.GetBytes($$"""{"KeyId":{{new string('[', 20_000)}}""") },
        ["K20 nothing"] = exchange => exchange.Answer with { Body = [] },
        ["K20 no base64"] = exchange => exchange.Answer.With(ForRecipient, "*"),
        ["K20 a compressed answer"] = exchange =>
        {
            exchange.Http.Response.Headers.ContentEncoding = "gzip";
            return exchange.Answer;
        },
        ["K20 an answer of another type"] = exchange =>
        {
            exchange.Http.Response.OnStarting(() =>
            {
                exchange.Http.Response.ContentType = "text/html";
                return Task.CompletedTask;
            });
            return exchange.Answer;
        },
        ["K20 a redirection"] = exchange =>
        {
            exchange.Http.Response.Headers.Location = "http://127.0.0.1:9/";
            return exchange.Answer with { Status = 307 };
        },
    };

    /// <summary>One for each field of the sealed answer.</summary>
    public static readonly IReadOnlyDictionary<string, Func<KmsExchange, KmsAnswer>> Fields =
        CmsPieces.Changes.ToDictionary(change => "K20 changed in the sealed answer: " + change.Key, change => Changed(change.Value));

    /// <summary>All that must be refused as no answer.</summary>
    public static IEnumerable<KeyValuePair<string, Func<KmsExchange, KmsAnswer>>> Refused => NoAnswers.Concat(Fields);

    private static Func<KmsExchange, KmsAnswer> Changed(Func<CmsPieces, CmsPieces> change) =>
        exchange => exchange.Answer.WithBlob(ForRecipient, cms => change(CmsPieces.Of(cms)).Encode());

    // Still the form of an ARN: only an exact comparison tells it from the real one.
    private static string InOtherLetters(string arn) => arn.Split('/') is [var key, var id] ? $"{key}/{id.ToUpperInvariant()}" : throw new FormatException(arn);

    private static string Text(KmsAnswer answer, string member) => System.Text.Json.Nodes.JsonNode.Parse(answer.Body)![member]!.GetValue<string>();
}
