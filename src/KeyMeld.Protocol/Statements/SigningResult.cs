// protocol.md section 10: result.
using KeyMeld.Protocol.Encoding;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Ids;
using KeyMeld.Secp256k1;

namespace KeyMeld.Protocol.Statements;

/// <summary>What became of one item.</summary>
public abstract record ItemResult
{
    private ItemResult(Id16 item) => Item = item;

    /// <summary>The item.</summary>
    public Id16 Item { get; }

    /// <summary>It is signed.</summary>
    public sealed record Completed : ItemResult
    {
        /// <summary>A signature, not verified by being here.</summary>
        public Completed(Id16 item, SchnorrSignature signature)
            : base(item) => Signature = signature;

        /// <summary>BIP-340, 64 bytes.</summary>
        public SchnorrSignature Signature { get; }
    }

    /// <summary>It is signed up to the adaptor's secret.</summary>
    public sealed record PreSigned : ItemResult
    {
        /// <summary>A pre-signature, not verified by being here.</summary>
        public PreSigned(Id16 item, SchnorrSignature preSignature)
            : base(item) => PreSignature = preSignature;

        /// <summary>r ‖ s', 64 bytes: no valid BIP-340 signature until adapted.</summary>
        public SchnorrSignature PreSignature { get; }

        /// <summary>The pre-signature with what it was verified for; null until somebody did that.</summary>
        public VerifiedPreSignature? Verified { get; init; }
    }

    /// <summary>It failed.</summary>
    public sealed record Failed : ItemResult
    {
        /// <summary>A failure.</summary>
        public Failed(Id16 item, string error, NodeId? node = null)
            : base(item)
        {
            Error = error;
            Node = node;
        }

        /// <summary>A code of the error table, or one that a later version added.</summary>
        public string Error { get; }

        /// <summary>Whose fault it is, where that is known.</summary>
        public NodeId? Node { get; }
    }
}

/// <summary>The result of a request: one entry an item, in request order.</summary>
public static class SigningResult
{
    /// <summary>Parses strictly.</summary>
    /// <exception cref="KeyMeldException"><c>statement_invalid</c> or <c>limit_exceeded</c>.</exception>
    public static ItemResult[] Parse(ReadOnlySpan<byte> bytes)
    {
        var reader = new StrictCborReader(bytes, "result", Limits.FrameBytes);
        var results = new ItemResult[reader.ReadArray(1, Limits.Items)];
        for (var i = 0; i < results.Length; i++)
        {
            results[i] = Read(ref reader);
        }
        reader.End();
        return results;
    }

    /// <summary>The only encoding of this result.</summary>
    /// <exception cref="KeyMeldException">It is not one that <see cref="Parse"/> accepts.</exception>
    public static byte[] Encode(IReadOnlyList<ItemResult> results)
    {
        Rules.Require(results.Count is >= 1 and <= Limits.Items, $"A result has 1 to {Limits.Items} entries.");
        var encoder = new CborEncoder(8 + (112 * results.Count)).Array(results.Count);
        foreach (var result in results)
        {
            Write(encoder, result);
        }
        return Rules.Finish(encoder, Limits.FrameBytes);
    }

    private static ItemResult Read(ref StrictCborReader reader)
    {
        var map = reader.ReadMap();
        reader.Key(ref map, "item"u8);
        var item = reader.ReadId();
        NodeId? node = reader.TryKey(ref map, "node"u8) ? NodeId.Read(ref reader) : null;
        ItemResult result;
        if (node is not null || reader.TryKey(ref map, "error"u8))
        {
            if (node is not null)
            {
                reader.Key(ref map, "error"u8);
            }
            var error = reader.ReadText(Limits.LabelBytes);
            result = IsCode(error) ? new ItemResult.Failed(item, error, node) : throw reader.Invalid("has an error that is not of the form of a code");
        }
        else if (reader.TryKey(ref map, "signature"u8))
        {
            result = new ItemResult.Completed(item, reader.ReadSignature());
        }
        else
        {
            reader.Key(ref map, "presignature"u8);
            result = new ItemResult.PreSigned(item, reader.ReadSignature());
        }
        reader.EndMap(map);
        return result;
    }

    private static void Write(CborEncoder encoder, ItemResult result)
    {
        switch (result)
        {
            case ItemResult.Completed completed:
                encoder.Map(2).Key("item"u8).Id(completed.Item).Key("signature"u8).Bytes(completed.Signature.Bytes);
                break;
            case ItemResult.PreSigned preSigned:
                encoder.Map(2).Key("item"u8).Id(preSigned.Item).Key("presignature"u8).Bytes(preSigned.PreSignature.Bytes);
                break;
            case ItemResult.Failed failed:
                Rules.Require(IsCode(failed.Error), "An error is a code of the error table.");
                encoder.Map(failed.Node is null ? 2 : 3).Key("item"u8).Id(failed.Item);
                failed.Node?.Write(encoder.Key("node"u8));
                encoder.Key("error"u8).Text(failed.Error);
                break;
        }
    }

    // Not only codes of our own table: a newer enclave may have more. But nothing that a terminal or a log would take for anything else.
    private static bool IsCode(string error) => error.Length is > 0 and <= 64 && error.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '_');
}
