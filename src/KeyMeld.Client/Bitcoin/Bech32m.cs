// BIP-350: bech32m, the checksum of witness versions 1 and up, over the characters and the layout of BIP-173.
namespace KeyMeld.Client;

internal static class Bech32m
{
    private const string Characters = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
    private const uint Constant = 0x2bc830a3;
    private const int ChecksumLength = 6;
    private static readonly uint[] Generator = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3];

    /// <summary>A segwit address: human-readable part, separator, witness version, program in groups of five bits, checksum.</summary>
    public static string EncodeSegwit(string humanReadable, byte version, ReadOnlySpan<byte> program)
    {
        var values = new byte[1 + ((program.Length * 8) + 4) / 5];
        values[0] = version;
        Regroup(program, values.AsSpan(1));
        return $"{humanReadable}1{Text(values)}{Text(Checksum(humanReadable, values))}";
    }

    private static void Regroup(ReadOnlySpan<byte> bytes, Span<byte> fives)
    {
        uint pending = 0;
        int bits = 0, at = 0;
        foreach (var octet in bytes)
        {
            pending = ((pending << 8) | octet) & 0xfff;
            for (bits += 8; bits >= 5;)
            {
                bits -= 5;
                fives[at++] = (byte)((pending >> bits) & 31);
            }
        }
        if (bits > 0)
        {
            fives[at] = (byte)((pending << (5 - bits)) & 31);
        }
    }

    private static byte[] Checksum(string humanReadable, ReadOnlySpan<byte> values)
    {
        uint state = 1;
        foreach (var c in humanReadable)
        {
            state = Step(state, (uint)c >> 5);
        }
        state = Step(state, 0);
        foreach (var c in humanReadable)
        {
            state = Step(state, (uint)c & 31);
        }
        foreach (var value in values)
        {
            state = Step(state, value);
        }
        for (var i = 0; i < ChecksumLength; i++)
        {
            state = Step(state, 0);
        }
        state ^= Constant;
        var checksum = new byte[ChecksumLength];
        for (var i = 0; i < ChecksumLength; i++)
        {
            checksum[i] = (byte)((state >> (5 * (ChecksumLength - 1 - i))) & 31);
        }
        return checksum;
    }

    private static uint Step(uint state, uint value)
    {
        var top = state >> 25;
        state = ((state & 0x1ffffff) << 5) ^ value;
        for (var i = 0; i < Generator.Length; i++)
        {
            state ^= ((top >> i) & 1) == 0 ? 0 : Generator[i];
        }
        return state;
    }

    private static string Text(ReadOnlySpan<byte> values)
    {
        Span<char> text = stackalloc char[values.Length];
        for (var i = 0; i < values.Length; i++)
        {
            text[i] = Characters[values[i]];
        }
        return new string(text);
    }
}
