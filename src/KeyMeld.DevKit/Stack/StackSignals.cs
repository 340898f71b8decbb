using System.Runtime.InteropServices;

namespace KeyMeld.DevKit.Stack;

/// <summary>Signals to children: <see cref="System.Diagnostics.Process"/> knows only SIGKILL.</summary>
public static partial class StackSignals
{
    private const int SigInt = 2;
    private const int SigQuit = 3;
    private const int SigTerm = 15;
    private const int SigKill = 9;

    /// <summary>Asks a process to stop.</summary>
    public static void Terminate(int pid) => _ = Kill(pid, SigTerm);

    /// <summary>Ends a process without asking.</summary>
    public static void Destroy(int pid) => _ = Kill(pid, SigKill);

    /// <summary>Interrupts a process, as Ctrl+C does.</summary>
    public static void Interrupt(int pid) => _ = Kill(pid, SigInt);

    /// <summary>Asks a process to stop without tidying up.</summary>
    public static void Quit(int pid) => _ = Kill(pid, SigQuit);

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int pid, int signal);
}
