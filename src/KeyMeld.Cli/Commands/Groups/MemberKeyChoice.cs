using KeyMeld.Cli.Output;
using KeyMeld.Client;
using KeyMeld.Protocol.Errors;

namespace KeyMeld.Cli.Commands.Groups;

/// <summary>Which key a member brings: one it has, one made by the enclave, or a fresh one that its profile keeps.</summary>
internal static class MemberKeyChoice
{
    /// <param name="given">The key the member has, or null.</param>
    /// <param name="made">Whether the enclave is to make it.</param>
    /// <exception cref="KeyMeldException"><c>bad_request</c>: two at once.</exception>
    public static MemberKey Of(MemberKey? given, bool made)
    {
        if (given is not null && made)
        {
            given.Dispose();
            throw new KeyMeldException(ErrorCodes.BadRequest, "Bring a key or have it made (--made-key), not both.");
        }
        if (made)
        {
            Report.Warn("The enclave makes your member key, and nobody but it has the key: it has no recovery but the enclave's identity key.");
            return MemberKey.MadeByEnclave();
        }
        return given ?? MemberKey.Generate();
    }
}
