using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using KeyMeld.DevKit.Kms.Keys;
using KeyMeld.DevKit.Kms.Wire;

namespace KeyMeld.DevKit.Kms.Operations;

/// <summary>CreateAlias, UpdateAlias, DeleteAlias and ListAliases. An alias asks the policy of every key it comes to or leaves.</summary>
internal static partial class AliasOperations
{
    private const int MaxNameLength = 256;
    private const string Guide = "https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html";

    public static JsonObject? Create(KmsCall call)
    {
        var (name, target) = ReadNameAndTarget(call);
        call.Service.Store.Update(state =>
        {
            var key = KeyStateOperations.NotPendingDeletion(call.Authorized(state, target, "kms:CreateAlias"));
            if (state.Aliases.ContainsKey(name))
                throw KmsFault.AlreadyExists($"An alias with the name {call.Service.Directory.AliasArn(name)} already exists");
            return state.WithAlias(new() { Name = name, TargetKeyId = key.KeyId, Created = call.Now, Updated = call.Now });
        });
        return null;
    }

    public static JsonObject? Update(KmsCall call)
    {
        var (name, target) = ReadNameAndTarget(call);
        call.Service.Store.Update(state =>
        {
            var alias = Existing(call, state, name);
            call.Authorized(state, alias.TargetKeyId, "kms:UpdateAlias");
            var key = KeyStateOperations.NotPendingDeletion(call.Authorized(state, target, "kms:UpdateAlias"));
            return state.WithAlias(alias with { TargetKeyId = key.KeyId, Updated = call.Now });
        });
        return null;
    }

    public static JsonObject? Delete(KmsCall call)
    {
        var name = ReadName(call.Request);
        call.Request.Check();
        CheckName(call, name);
        call.Service.Store.Update(state =>
        {
            call.Authorized(state, Existing(call, state, name).TargetKeyId, "kms:DeleteAlias");
            return state with { Aliases = state.Aliases.Remove(name) };
        });
        return null;
    }

    public static JsonObject List(KmsCall call)
    {
        var keyId = call.Request.Text("KeyId", maximum: Limits.KeyIdLength);
        var page = PageRequest.Read(call.Request, defaultLimit: 50);
        call.Request.Check();
        call.DemandAccount("kms:ListAliases");
        var state = call.Service.Store.Current;
        var of = keyId is null ? null : call.Service.Directory.Resolve(state, keyId).KeyId;
        return page.Answer("Aliases", state.Aliases.Values.Where(alias => of is null || alias.TargetKeyId == of), alias => alias.Name, alias => new JsonObject
        {
            ["AliasArn"] = call.Service.Directory.AliasArn(alias.Name),
            ["AliasName"] = alias.Name,
            ["CreationDate"] = AwsTime.Of(alias.Created),
            ["LastUpdatedDate"] = AwsTime.Of(alias.Updated),
            ["TargetKeyId"] = alias.TargetKeyId,
        });
    }

    private static (string Name, string Target) ReadNameAndTarget(KmsCall call)
    {
        var (name, target) = (ReadName(call.Request), call.Request.RequiredText("TargetKeyId", maximum: Limits.KeyIdLength));
        call.Request.Check();
        CheckName(call, name);
        if (KeyDirectory.AliasIn(target) is not null)
            throw KmsFault.Validation("Aliases must refer to keys. Not aliases");
        return (name, target);
    }

    private static string ReadName(RequestReader request) => request.RequiredText("AliasName", maximum: MaxNameLength);

    private static void CheckName(KmsCall call, string name)
    {
        call.DemandAccount("kms:" + call.Event.Operation);
        if (!name.StartsWith("alias/", StringComparison.Ordinal))
            throw KmsFault.Validation($"Alias must start with the prefix \"alias/\". Please see {Guide}");
        if (!NameForm().IsMatch(name))
            throw KmsFault.InvalidAliasName("The alias name contains characters that are not allowed, or is empty.");
        if (name.StartsWith("alias/aws/", StringComparison.Ordinal))
            throw KmsFault.InvalidAliasName("Aliases beginning with alias/aws/ are reserved.");
    }

    private static AliasRecord Existing(KmsCall call, KmsState state, string name) =>
        state.Aliases.TryGetValue(name, out var alias) ? alias : throw KmsFault.NotFound($"Alias {call.Service.Directory.AliasArn(name)} is not found.");

    [GeneratedRegex(@"\Aalias/[a-zA-Z0-9/_-]+\z")]
    private static partial Regex NameForm();
}
