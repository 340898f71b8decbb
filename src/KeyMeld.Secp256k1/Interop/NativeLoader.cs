using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace KeyMeld.Secp256k1.Interop;

/// <summary>
/// Finds libsecp256k1: beside the program (where the build puts it), else the system's, of a version whose musig ABI is known (.so.6 = 0.7, .so.7 = 0.8).
/// Not used where NativeAOT links the library statically; then the linker has checked the symbols.
/// </summary>
internal static class NativeLoader
{
    private static readonly string[] s_candidates = [Native.Library, "libsecp256k1.so.7", "libsecp256k1.so.6"];

    /// <summary>Every function of <see cref="Native"/>. A library that lacks one of them is not loaded.</summary>
    internal static IReadOnlyList<string> Symbols { get; } =
    [
        "secp256k1_selftest", "secp256k1_context_create", "secp256k1_context_set_illegal_callback", "secp256k1_context_randomize",
        "secp256k1_ec_pubkey_parse", "secp256k1_ec_pubkey_serialize", "secp256k1_ec_pubkey_combine",
        "secp256k1_ec_pubkey_create", "secp256k1_ec_pubkey_negate", "secp256k1_ec_pubkey_tweak_mul", "secp256k1_ec_seckey_negate", "secp256k1_ec_seckey_tweak_add",
        "secp256k1_xonly_pubkey_parse", "secp256k1_xonly_pubkey_serialize", "secp256k1_xonly_pubkey_from_pubkey", "secp256k1_xonly_pubkey_tweak_add",
        "secp256k1_keypair_create", "secp256k1_keypair_sec", "secp256k1_keypair_pub", "secp256k1_keypair_xonly_pub", "secp256k1_keypair_xonly_tweak_add",
        "secp256k1_ecdsa_sign", "secp256k1_ecdsa_verify", "secp256k1_ecdsa_signature_parse_compact", "secp256k1_ecdsa_signature_serialize_compact",
        "secp256k1_ecdsa_signature_parse_der", "secp256k1_ecdsa_signature_serialize_der",
        "secp256k1_schnorrsig_sign32", "secp256k1_schnorrsig_verify", "secp256k1_ecdh",
        "secp256k1_musig_pubnonce_parse", "secp256k1_musig_pubnonce_serialize", "secp256k1_musig_aggnonce_parse", "secp256k1_musig_aggnonce_serialize",
        "secp256k1_musig_partial_sig_parse", "secp256k1_musig_partial_sig_serialize", "secp256k1_musig_pubkey_agg", "secp256k1_musig_pubkey_get",
        "secp256k1_musig_pubkey_ec_tweak_add", "secp256k1_musig_pubkey_xonly_tweak_add", "secp256k1_musig_nonce_gen", "secp256k1_musig_nonce_agg",
        "secp256k1_musig_nonce_process", "secp256k1_musig_partial_sign", "secp256k1_musig_partial_sig_verify", "secp256k1_musig_partial_sig_agg",
    ];

    // A module initialiser because the resolver must be there before the first import of this assembly is bound, whichever that is.
#pragma warning disable CA2255 // meant for application code, but this is the documented use for DllImport resolvers
    [ModuleInitializer]
    internal static void Register() => NativeLibrary.SetDllImportResolver(typeof(NativeLoader).Assembly, Resolve);
#pragma warning restore CA2255

    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? searchPath) =>
        name == Native.Library ? Load(s_candidates) : 0;

    /// <summary>Loads the first of <paramref name="candidates"/> that exports every symbol.</summary>
    /// <exception cref="DllNotFoundException">There is none; the message says what was tried and what to install.</exception>
    internal static nint Load(IEnumerable<string> candidates)
    {
        var tried = new StringBuilder();
        foreach (var candidate in candidates)
        {
            if (!NativeLibrary.TryLoad(candidate, typeof(NativeLoader).Assembly, null, out var library))
            {
                tried.Append(tried.Length == 0 ? "" : "; ").Append(candidate).Append(": not found");
                continue;
            }
            var missing = Symbols.FirstOrDefault(symbol => !NativeLibrary.TryGetExport(library, symbol, out _));
            if (missing is null)
                return library;
            NativeLibrary.Free(library);
            tried.Append(tried.Length == 0 ? "" : "; ").Append(candidate).Append(": has no ").Append(missing);
        }
        throw new DllNotFoundException(
            $"libsecp256k1 0.7 or later with the musig module was not found ({tried}). Install it (Debian: libsecp256k1-6) or put libsecp256k1.so beside the program.");
    }
}
