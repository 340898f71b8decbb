namespace KeyMeld.Images.Rootfs;

/// <summary>One entry of a root file system. The cases are the whole set.</summary>
/// <param name="Path">Absolute, without a trailing slash: <c>/etc/keymeld/enclave.yaml</c>.</param>
/// <param name="Mode">Permission bits, 0 to 07777.</param>
/// <param name="Owner">Numeric user id.</param>
/// <param name="Group">Numeric group id.</param>
public abstract record RootEntry(string Path, int Mode, int Owner, int Group)
{
    /// <summary>A folder.</summary>
    public sealed record Folder(string Path, int Mode, int Owner, int Group) : RootEntry(Path, Mode, Owner, Group);

    /// <summary>A file with its bytes.</summary>
    public sealed record Regular(string Path, ReadOnlyMemory<byte> Content, int Mode, int Owner, int Group) : RootEntry(Path, Mode, Owner, Group);

    /// <summary>A symbolic link and where it points.</summary>
    public sealed record Link(string Path, string Target, int Mode, int Owner, int Group) : RootEntry(Path, Mode, Owner, Group);

    /// <summary>A device node.</summary>
    public sealed record Device(string Path, bool IsBlock, int Major, int Minor, int Mode, int Owner, int Group) : RootEntry(Path, Mode, Owner, Group);
}
