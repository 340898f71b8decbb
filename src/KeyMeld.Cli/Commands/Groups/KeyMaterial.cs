using KeyMeld.Client;
using KeyMeld.Protocol.Errors;

namespace KeyMeld.Cli.Commands.Groups;

/// <summary>Where a member's key comes from: a key file, or the key that this profile generated for another group.</summary>
internal static class KeyMaterial
{
    /// <summary>The key; null where neither is named. The caller disposes it.</summary>
    /// <exception cref="KeyMeldException"><c>bad_request</c>: both; <c>key_file_invalid</c>; <c>not_found</c>.</exception>
    public static MemberKey? Read(KeyMeldClient client, string? file, string? group) => (file, group) switch
    {
        ({ }, { }) => throw new KeyMeldException(ErrorCodes.BadRequest, "Give either --key or --key-of, not both."),
        ({ } path, null) => MemberKey.FromFile(path),
        (null, { } name) => client.Groups.KeptKey(client.Groups.Find(name).Id),
        _ => null,
    };
}
