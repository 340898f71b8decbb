using System.Text;
using System.Text.Json.Nodes;
using KeyMeld.Attestation;
using KeyMeld.DevKit.Kms.Recipients;
using KeyMeld.DevKit.Kms.Wire;

namespace KeyMeld.Tests.Enclave.Support;

/// <summary>What a hostile KMS or network makes of an answer.</summary>
internal static class KmsAnswers
{
    public static KmsAnswer With(this KmsAnswer answer, string member, JsonNode? value)
    {
        var body = JsonNode.Parse(answer.Body)!.AsObject();
        body[member] = value;
        return answer with { Body = Encoding.UTF8.GetBytes(body.ToJsonString()) };
    }

    public static KmsAnswer Without(this KmsAnswer answer, string member)
    {
        var body = JsonNode.Parse(answer.Body)!.AsObject();
        body.Remove(member);
        return answer with { Body = Encoding.UTF8.GetBytes(body.ToJsonString()) };
    }

    public static byte[] Blob(this KmsAnswer answer, string member) => Convert.FromBase64String(JsonNode.Parse(answer.Body)![member]!.GetValue<string>());

    public static KmsAnswer WithBlob(this KmsAnswer answer, string member, Func<byte[], byte[]> change) =>
        answer.With(member, Convert.ToBase64String(change(answer.Blob(member))));

    public static KmsAnswer Fault(int status, string? code) => new(status, code is null ? [] : Encoding.UTF8.GetBytes($$"""{"__type":"{{code}}","message":"as told"}"""));

    /// <summary>In place of a data key somebody's own, sealed to the enclave's key, which stands in the attestation document of the request.</summary>
    public static KmsAnswer Forged(this KmsExchange exchange, byte[] dataKey)
    {
        if (exchange.Answer.Status != 200)
        {
            return exchange.Answer;
        }
        var document = JsonNode.Parse(exchange.RequestBody.Span)!["Recipient"]!["AttestationDocument"]!.GetValue<string>();
        var key = AttestationDocument.Parse(Convert.FromBase64String(document)).PublicKey!.Value;
        return exchange.Answer.WithBlob("CiphertextForRecipient", _ => RecipientCms.Encrypt(key.Span, dataKey, CmsLayout.Constructed));
    }
}
