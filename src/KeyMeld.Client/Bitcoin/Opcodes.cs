// BIP-342 and the Bitcoin script language: what the bytes of a tapscript are called.
using System.Collections.Frozen;
using System.Globalization;

namespace KeyMeld.Client;

/// <summary>The names of opcodes in tapscript. What has no name of its own is OP_SUCCESSn, whose mere presence lets anybody spend (BIP-342).</summary>
internal static class Opcodes
{
    public const byte PushData1 = 0x4c;
    public const byte PushData2 = 0x4d;
    public const byte PushData4 = 0x4e;
    public const byte One = 0x51;
    public const byte Sixteen = 0x60;

    private static readonly (byte First, string Names)[] Runs =
    [
        (0x00, "OP_0"),
        (0x4f, "OP_1NEGATE"),
        (0x51, "OP_1 OP_2 OP_3 OP_4 OP_5 OP_6 OP_7 OP_8 OP_9 OP_10 OP_11 OP_12 OP_13 OP_14 OP_15 OP_16 OP_NOP"),
        (0x63, "OP_IF OP_NOTIF"),
        (0x67, "OP_ELSE OP_ENDIF OP_VERIFY OP_RETURN OP_TOALTSTACK OP_FROMALTSTACK OP_2DROP OP_2DUP OP_3DUP OP_2OVER OP_2ROT OP_2SWAP OP_IFDUP OP_DEPTH OP_DROP OP_DUP OP_NIP OP_OVER OP_PICK OP_ROLL OP_ROT OP_SWAP OP_TUCK"),
        (0x82, "OP_SIZE"),
        (0x87, "OP_EQUAL OP_EQUALVERIFY"),
        (0x8b, "OP_1ADD OP_1SUB"),
        (0x8f, "OP_NEGATE OP_ABS OP_NOT OP_0NOTEQUAL OP_ADD OP_SUB"),
        (0x9a, "OP_BOOLAND OP_BOOLOR OP_NUMEQUAL OP_NUMEQUALVERIFY OP_NUMNOTEQUAL OP_LESSTHAN OP_GREATERTHAN OP_LESSTHANOREQUAL OP_GREATERTHANOREQUAL OP_MIN OP_MAX OP_WITHIN"),
        (0xa6, "OP_RIPEMD160 OP_SHA1 OP_SHA256 OP_HASH160 OP_HASH256 OP_CODESEPARATOR OP_CHECKSIG OP_CHECKSIGVERIFY OP_CHECKMULTISIG OP_CHECKMULTISIGVERIFY"),
        (0xb0, "OP_NOP1 OP_CHECKLOCKTIMEVERIFY OP_CHECKSEQUENCEVERIFY OP_NOP4 OP_NOP5 OP_NOP6 OP_NOP7 OP_NOP8 OP_NOP9 OP_NOP10 OP_CHECKSIGADD"),
    ];

    private static readonly FrozenDictionary<byte, string> Names = Runs
        .SelectMany(run => run.Names.Split(' ').Select((name, index) => KeyValuePair.Create((byte)(run.First + index), name)))
        .ToFrozenDictionary();

    private static readonly FrozenDictionary<string, byte> Codes = Names.ToFrozenDictionary(name => name.Value, name => name.Key);

    /// <summary>Whether this opcode makes a tapscript succeed wherever it stands.</summary>
    public static bool IsSuccess(byte code) => code is 80 or 98 or (>= 126 and <= 129) or (>= 131 and <= 134) or 137 or 138 or 141 or 142 or (>= 149 and <= 153) or (>= 187 and <= 254);

    public static string NameOf(byte code) => Names.GetValueOrDefault(code)
        ?? string.Create(CultureInfo.InvariantCulture, $"{(IsSuccess(code) ? "OP_SUCCESS" : "OP_UNKNOWN")}{code}");

    public static byte? CodeOf(string name) => Codes.TryGetValue(name, out var code) ? code : null;
}
