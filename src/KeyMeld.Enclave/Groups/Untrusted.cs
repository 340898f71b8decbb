using Google.Protobuf;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Ids;
using KeyMeld.Secp256k1;
using SignedStatement = KeyMeld.Protocol.Statements.SignedStatement;

namespace KeyMeld.Enclave.Groups;

/// <summary>Takes the host's messages apart. Whatever is missing or of the wrong size is <c>bad_request</c>; nothing is trusted by being here.</summary>
internal static class Untrusted
{
    public static Hash32 Hash(ByteString bytes, string what) => bytes.Length == Hash32.Size ? new Hash32(bytes.Span) : throw WrongSize(what, Hash32.Size, bytes.Length);

    public static Id16 Id(ByteString bytes, string what) => bytes.Length == Id16.Size ? new Id16(bytes.Span) : throw WrongSize(what, Id16.Size, bytes.Length);

    /// <summary>A number of the protocol: below 2^31.</summary>
    public static int Number(uint value, string what) =>
        value <= int.MaxValue ? (int)value : throw new KeyMeldException(ErrorCodes.BadRequest, $"The {what} is out of range.");

    public static T Present<T>(T? message, string what)
        where T : class, IMessage => message ?? throw new KeyMeldException(ErrorCodes.BadRequest, $"The {what} is missing.");

    public static SignedStatement Statement(Wire.V1.SignedStatement? message, string what)
    {
        var present = Present(message, what);
        var signatures = new SchnorrSignature[present.Signatures.Count];
        for (var i = 0; i < signatures.Length; i++)
        {
            signatures[i] = SchnorrSignature.TryParse(present.Signatures[i].Span, out var signature)
                ? signature
                : throw WrongSize($"signature of the {what}", SchnorrSignature.Size, present.Signatures[i].Length);
        }
        return new SignedStatement(present.Statement.Memory, signatures);
    }

    private static KeyMeldException WrongSize(string what, int size, int length) => new(ErrorCodes.BadRequest, $"The {what} must be {size} bytes long, not {length}.");
}
