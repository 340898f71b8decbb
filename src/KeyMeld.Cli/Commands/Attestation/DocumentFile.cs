using System.Buffers.Text;
using KeyMeld.Attestation;
using KeyMeld.Cli.Profiles;

namespace KeyMeld.Cli.Commands.Attestation;

/// <summary>A file with an attestation document: the bytes, or base64 of them as the REST API carries them.</summary>
internal static class DocumentFile
{
    /// <summary>Reads a document; it is not parsed here.</summary>
    /// <exception cref="IOException">The file cannot be read or is larger than any document.</exception>
    public static byte[] Read(string path)
    {
        var content = SmallFile.Read(path, 2 * AttestationDocument.MaxSize);
        // A COSE_Sign1 begins with an array or a tag, neither of which is a letter of base64.
        if (content.Length == 0 || content[0] >= 0x80 || !Base64.IsValid(content, out var length))
        {
            return content;
        }
        var document = new byte[length];
        return Base64.DecodeFromUtf8(content.AsSpan().TrimEnd("\r\n "u8), document, out _, out var written) == System.Buffers.OperationStatus.Done ? document[..written] : content;
    }
}
