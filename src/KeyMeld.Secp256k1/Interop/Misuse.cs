using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace KeyMeld.Secp256k1.Interop;

/// <summary>
/// Takes libsecp256k1's illegal-argument callback. Its default aborts the process, which would let one bad call end a signing service; this one counts,
/// and the call returns 0. The *error* callback (broken invariants) keeps its default and stays fatal.
/// </summary>
internal static unsafe class Misuse
{
    private static long s_count;

    [ThreadStatic]
    private static nint t_lastMessage;

    public static long Count => Interlocked.Read(ref s_count);

    /// <summary>Builds the exception for a call that returned 0 although its arguments had been checked.</summary>
    public static InvalidOperationException Unexpected([CallerMemberName] string operation = "")
    {
        var message = t_lastMessage == 0 ? "no reason given" : Marshal.PtrToStringUTF8(t_lastMessage);
        t_lastMessage = 0;
        return new InvalidOperationException($"libsecp256k1 refused {operation}: {message}.");
    }

    public static void Install(nint context) => Native.secp256k1_context_set_illegal_callback(context, &OnIllegalArgument, null);

    // Must not throw: it is called from C. The message is a string constant of the library: the text of the violated condition, never data.
    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void OnIllegalArgument(byte* message, void* data)
    {
        Interlocked.Increment(ref s_count);
        t_lastMessage = (nint)message;
    }
}
