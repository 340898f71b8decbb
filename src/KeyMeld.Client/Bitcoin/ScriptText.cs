// The Bitcoin script language as people write it: opcodes by name, pushed bytes in hex. BIP-342 for OP_SUCCESSx.
using System.Buffers.Binary;
using KeyMeld.Protocol.Errors;

namespace KeyMeld.Client;

/// <summary>Scripts as text and back.</summary>
public static class ScriptText
{
    /// <summary>Writes a script out: opcodes by name, pushed data in hex, and what is no well-formed script named as such.</summary>
    /// <param name="script">The script's bytes.</param>
    /// <param name="anyoneCanSpend">True where an OP_SUCCESS makes the script succeed for everybody (tapscript).</param>
    public static string Disassemble(ReadOnlySpan<byte> script, out bool anyoneCanSpend)
    {
        var words = new List<string>();
        anyoneCanSpend = false;
        while (!script.IsEmpty)
        {
            var code = script[0];
            script = script[1..];
            if (LengthOf(code, ref script) is not { } length)
            {
                anyoneCanSpend |= Opcodes.IsSuccess(code);
                words.Add(Opcodes.NameOf(code));
                continue;
            }
            if (length < 0 || length > script.Length)
            {
                words.Add("[push beyond the end: this script always fails]");
                break;
            }
            words.Add(length == 0 ? "OP_0" : Convert.ToHexStringLower(script[..length]));
            script = script[length..];
        }
        return words.Count == 0 ? "[empty]" : string.Join(' ', words);
    }

    /// <summary>Reads a script: words separated by white space, each an opcode (<c>OP_CHECKSIG</c>) or hex digits, which are pushed in the shortest way.</summary>
    /// <exception cref="KeyMeldException"><c>bad_request</c>: an unknown word.</exception>
    public static byte[] Assemble(string text)
    {
        using var script = new MemoryStream();
        foreach (var word in text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))
        {
            if (Opcodes.CodeOf(word) is { } code)
            {
                script.WriteByte(code);
                continue;
            }
            if (word.StartsWith("OP_", StringComparison.Ordinal) || word.Length % 2 != 0 || !word.All(char.IsAsciiHexDigit))
            {
                throw new KeyMeldException(ErrorCodes.BadRequest, $"'{UntrustedText.Show(word)}' is neither an opcode nor bytes in hex.");
            }
            Push(script, Convert.FromHexString(word));
        }
        return script.ToArray();
    }

    // The number of bytes a push takes, with its length read; null for other opcodes, negative where the length itself is cut off.
    private static int? LengthOf(byte code, ref ReadOnlySpan<byte> rest)
    {
        var width = code switch { Opcodes.PushData1 => 1, Opcodes.PushData2 => 2, Opcodes.PushData4 => 4, _ => 0 };
        if (width == 0)
        {
            return code is > 0 and < Opcodes.PushData1 ? code : null;
        }
        if (rest.Length < width)
        {
            return -1;
        }
        Span<byte> length = stackalloc byte[8];
        length.Clear();
        rest[..width].CopyTo(length);
        rest = rest[width..];
        return (int)Math.Min(BinaryPrimitives.ReadUInt64LittleEndian(length), int.MaxValue);
    }

    private static void Push(MemoryStream script, byte[] data)
    {
        Span<byte> length = stackalloc byte[4];
        switch (data.Length)
        {
            case 1 when data[0] is >= 1 and <= 16:
                script.WriteByte((byte)(Opcodes.One + data[0] - 1));
                return;
            case < Opcodes.PushData1:
                script.WriteByte((byte)data.Length);
                break;
            case <= byte.MaxValue:
                script.WriteByte(Opcodes.PushData1);
                script.WriteByte((byte)data.Length);
                break;
            case <= ushort.MaxValue:
                script.WriteByte(Opcodes.PushData2);
                BinaryPrimitives.WriteUInt16LittleEndian(length, (ushort)data.Length);
                script.Write(length[..2]);
                break;
            default:
                script.WriteByte(Opcodes.PushData4);
                BinaryPrimitives.WriteInt32LittleEndian(length, data.Length);
                script.Write(length);
                break;
        }
        script.Write(data);
    }
}
