//! What beta and v0.1 serve in the same way: the one is the other under a number.

/// Every operation of beta or v0.1.
///
/// What differs between them is in functions of the same names in the module of each.
macro_rules! served {
    ($of:ident, $generation:ident) => {
        &[
            ($of::ListConversations::INFO.id, |x, _, r| run(r, |op| conversations(x, r, &op))),
            ($of::CreateConversation::INFO.id, |x, now, r| {
                run(r, |op: $of::CreateConversation| {
                    let key = write::create(x, now, &r.caller, op.body)?;
                    write::made(x, $generation, key)
                })
            }),
            ($of::GetConversation::INFO.id, |x, _, r| {
                run(r, |op: $of::GetConversation| {
                    let found = lookup::conversation(x, &r.caller, &op.conversation_id)?;
                    Ok(conversation(x, found))
                })
            }),
            ($of::UpdateConversation::INFO.id, |x, now, r| {
                run(r, |op: $of::UpdateConversation| {
                    let key = write::update(x, now, &r.caller, &op.conversation_id, op.body)?;
                    write::made(x, $generation, key)
                })
            }),
            ($of::DeleteConversation::INFO.id, |x, now, r| {
                run(r, |op: $of::DeleteConversation| {
                    write::delete(x, now, &r.caller, &op.conversation_id).map(|()| Nothing)
                })
            }),
            ($of::ListMembers::INFO.id, |x, _, r| {
                run(r, |op: $of::ListMembers| old::members(x, r, &op.conversation_id))
            }),
            ($of::CreateMember::INFO.id, |x, now, r| {
                run(r, |op: $of::CreateMember| {
                    let at = old::create_member(x, now, r, &op.conversation_id, op.body)?;
                    let conversation = lookup::at(x, at.0)?;
                    Ok(member(x, conversation, lookup::member_at(conversation, at.1)?))
                })
            }),
            ($of::GetMember::INFO.id, |x, _, r| {
                run(r, |op: $of::GetMember| {
                    let conversation = lookup::conversation(x, &r.caller, &op.conversation_id)?;
                    Ok(member(x, conversation, lookup::member(conversation, &op.member_id)?.1))
                })
            }),
            ($of::UpdateMember::INFO.id, |x, now, r| {
                run(r, |op: $of::UpdateMember| {
                    let ids = (&op.conversation_id, &op.member_id);
                    old::update_member(x, now, r, $generation, ids, op.body)
                })
            }),
            ($of::DeleteMember::INFO.id, |x, now, r| {
                run(r, |op: $of::DeleteMember| {
                    old::delete_member(x, now, r, &op.conversation_id, &op.member_id)
                })
            }),
            ($of::ListEvents::INFO.id, |x, _, r| {
                run(r, |op: $of::ListEvents| {
                    let conversation = lookup::conversation(x, &r.caller, &op.conversation_id)?;
                    let log = (1..).zip(&conversation.log).take(old::MOST);
                    Ok(log
                        .map(|(id, entry)| {
                            old::event!($of, $generation, &*x, conversation, id, entry)
                        })
                        .collect())
                })
            }),
            ($of::CreateEvent::INFO.id, |x, now, r| {
                run(r, |op: $of::CreateEvent| {
                    old::create_event(x, now, r, $generation, &op.conversation_id, op.body)
                })
            }),
            ($of::GetEvent::INFO.id, |x, _, r| {
                run(r, |op: $of::GetEvent| {
                    let conversation = lookup::conversation(x, &r.caller, &op.conversation_id)?;
                    let (id, entry) = lookup::event(conversation, &op.event_id)?;
                    Ok(old::event!($of, $generation, &*x, conversation, id, entry))
                })
            }),
            ($of::DeleteEvent::INFO.id, |x, now, r| {
                run(r, |op: $of::DeleteEvent| {
                    old::delete_event(x, now, r, (&op.conversation_id, &op.event_id), None)
                })
            }),
            ($of::ListUsers::INFO.id, |x, _, r| {
                run(r, |_: $of::ListUsers| {
                    let all = users::all(x, &r.caller, None)?;
                    Ok(all.into_iter().take(old::MOST).map(|(_, found)| user(x, found)).collect())
                })
            }),
            ($of::CreateUser::INFO.id, |x, now, r| {
                run(r, |op: $of::CreateUser| {
                    let id = users::create(x, now, &r.caller, op.body)?;
                    user_created(x, id)
                })
            }),
            ($of::GetUser::INFO.id, |x, _, r| {
                run(r, |op: $of::GetUser| {
                    Ok(user(x, lookup::user(x, &r.caller, op.user_id.as_str())?))
                })
            }),
            ($of::UpdateUser::INFO.id, |x, now, r| {
                run(r, |op: $of::UpdateUser| {
                    let id = users::replace(x, now, &r.caller, op.user_id.as_str(), op.body)?;
                    old::user_made(x, $generation, id)
                })
            }),
            ($of::DeleteUser::INFO.id, |x, _, r| {
                run(r, |op: $of::DeleteUser| {
                    users::delete(x, &r.caller, op.user_id.as_str()).map(|()| Nothing)
                })
            }),
            ($of::ListUserConversations::INFO.id, |x, _, r| {
                run(r, |op: $of::ListUserConversations| {
                    old::user_conversations(x, r, $generation, &op.user_id)
                })
            }),
            ($of::ListLegs::INFO.id, |x, _, r| {
                run(r, |op: $of::ListLegs| {
                    legs::list(x, r, $generation, op.page_size, op.record_index)
                })
            }),
            ($of::DeleteLeg::INFO.id, |x, now, r| {
                run(r, |op: $of::DeleteLeg| legs::delete(x, now, r, &op.leg_id))
            }),
        ]
    };
}
pub(super) use served;

/// The list of conversations of beta or v0.1, with what leads to each put where it belongs.
macro_rules! conversations {
    ($of:ident, $generation:ident, $put:expr) => {
        fn conversations(
            exchange: &Exchange,
            request: &Request,
            operation: &$of::ListConversations,
        ) -> Result<$of::ConversationList, Refusal> {
            let (start, end) = (operation.date_start.as_deref(), operation.date_end.as_deref());
            let span = Span::read(start, end)?;
            let mut all: Vec<_> =
                lookup::conversations(exchange, &request.caller, &span, 0..u64::MAX).collect();
            if page::newest_first(operation.order.as_ref())? {
                all.reverse();
            }
            let page = page::numbered(all, operation.page_size, operation.record_index)?;
            let put: fn(&mut $of::ConversationItem, String) = $put;
            let item = |(_, conversation): &(u64, &Conversation)| {
                let mut item = $of::ConversationItem::new(conversation.id());
                item.name = Some(conversation.name());
                put(&mut item, view::address(exchange, $generation, conversation));
                item
            };
            let items = page.items.iter().map(item).collect();
            let mut list = $of::ConversationList::new($of::EmbeddedConversations::new(items));
            (list.count, list.page_size, list.record_index) = (page.count, page.size, page.index);
            list.links = page.links(exchange, request);
            Ok(list)
        }
    };
}
pub(super) use conversations;
