using System.Text.Json.Nodes;
using KeyMeld.DevKit.Kms.Recipients;

namespace KeyMeld.DevKit.Kms.Operations;

/// <summary>The one place that puts a plaintext into an answer: in the clear, or for an attested recipient only encrypted to it.</summary>
internal static class PlaintextAnswer
{
    public static void Add(JsonObject answer, KmsCall call, byte[] plaintext, VerifiedRecipient? recipient)
    {
        if (recipient is null)
            answer["Plaintext"] = Convert.ToBase64String(plaintext);
        else
            answer["CiphertextForRecipient"] = Convert.ToBase64String(RecipientCms.Encrypt(recipient.SubjectPublicKeyInfo, plaintext, call.Service.CmsLayout));
    }
}
