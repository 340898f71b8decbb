using System.Text.Json.Nodes;
using KeyMeld.DevKit.Kms.Authentication;
using KeyMeld.DevKit.Kms.Ciphertext;
using KeyMeld.DevKit.Kms.Keys;
using KeyMeld.DevKit.Kms.Recipients;
using KeyMeld.DevKit.Kms.Wire;

namespace KeyMeld.DevKit.Kms.Auditing;

/// <summary>One request as CloudTrail would record it, filled in while it is being answered. Plaintexts and ciphertexts never get here.</summary>
internal sealed class KmsEvent(string requestId, DateTimeOffset time)
{
    // The PCRs CloudTrail shows, beside PCR0 as the image digest.
    private static readonly int[] ShownPcrs = [1, 2, 3, 4, 8];
    private readonly List<string> _keyArns = [];
    private readonly JsonObject _contexts = [];

    public string Operation { get; set; } = "Unknown";

    public KmsCredential? Caller { get; set; }

    public VerifiedRecipient? Recipient { get; set; }

    public bool IsDryRun { get; set; }

    public KmsFault? Fault { get; set; }

    public void Touches(KeyRecord key)
    {
        if (!_keyArns.Contains(key.Arn))
            _keyArns.Add(key.Arn);
    }

    public void Uses(string member, EncryptionContext context)
    {
        if (context.Pairs.Count != 0)
            _contexts[member] = new JsonObject(context.Pairs.Select(pair => KeyValuePair.Create(pair.Key, (JsonNode?)pair.Value)));
    }

    public JsonObject ToJson()
    {
        var json = new JsonObject
        {
            ["eventTime"] = time.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", System.Globalization.CultureInfo.InvariantCulture),
            ["eventSource"] = "kms.amazonaws.com",
            ["eventName"] = Operation,
            ["requestID"] = requestId,
            ["userIdentity"] = Caller is null ? null : new JsonObject { ["arn"] = Caller.CallerArn, ["accessKeyId"] = Caller.AccessKeyId },
            ["resources"] = new JsonArray([.. _keyArns.Select(arn => (JsonNode)new JsonObject { ["type"] = "AWS::KMS::Key", ["ARN"] = arn })]),
            ["requestParameters"] = _contexts,
        };
        if (IsDryRun)
            _contexts["dryRun"] = true;
        if (Recipient is not null)
            json["additionalEventData"] = new JsonObject { ["recipient"] = DescribeRecipient(Recipient) };
        if (Fault is not null)
            (json["errorCode"], json["errorMessage"]) = (Fault.Code, Fault.Text);
        return json;
    }

    private static JsonObject DescribeRecipient(VerifiedRecipient recipient)
    {
        var json = new JsonObject { ["attestationDocumentModuleId"] = recipient.ModuleId };
        if (recipient.Pcrs.TryGetValue(0, out var image))
            json["attestationDocumentEnclaveImageDigest"] = Base64(image);
        foreach (var index in ShownPcrs.Where(recipient.Pcrs.ContainsKey))
            json[string.Create(System.Globalization.CultureInfo.InvariantCulture, $"attestationDocumentEnclavePCR{index}")] = Base64(recipient.Pcrs[index]);
        return json;
    }

    private static string Base64(string hex) => Convert.ToBase64String(Convert.FromHexString(hex));
}
